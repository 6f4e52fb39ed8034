// bounded-web-socket.ts — a ws socket that says why it ends where a frame is larger than any may be. Knows: how ws ends such
// a socket. Must not know: who is connected.
import { WebSocket } from 'ws'
import { wireProtocol } from '../shared/message.ts'
import { stockClose } from '../shared/stock-wire.ts'
import { frameTooLarge } from './sentences.ts'

/** WebSocket's own word. */
export const tooMuchAtOnce = 1009

export class BoundedWebSocket extends WebSocket {
  /**
   * ws says the code, and no reason, before anybody hears of the fault. A stock client would come back after it, with the
   * same again: it is given the code that means «do not». [L1]
   */
  override close(code?: number, reason?: string | Buffer): void {
    if (code !== tooMuchAtOnce || reason !== undefined) super.close(code, reason)
    else super.close(codeFor(this), frameTooLarge)
  }
}

/** Of a frame that was too large to be read, in the words of its wire. */
export function codeFor({ protocol }: WebSocket): number {
  return protocol === wireProtocol ? tooMuchAtOnce : stockClose.tooLarge
}

export function isOfFrameTooLarge(fault: Error): boolean {
  return 'code' in fault && fault.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH'
}
