// hook-error.ts — why a hook cannot be used where it is: one class, one code each.

export type HookErrorCode =
  /** The component is not inside a WorkspaceProvider. */
  'no-provider'

export class HookError extends Error {
  override readonly name = 'HookError'
  readonly code: HookErrorCode

  constructor(code: HookErrorCode, message: string) {
    super(message)
    this.code = code
  }
}
