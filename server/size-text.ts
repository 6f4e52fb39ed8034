// size-text.ts — a number of bytes as people read it.

const units = ['bytes', 'KB', 'MB', 'GB', 'TB'] as const

export function sizeText(bytes: number): string {
  let size = bytes
  let unit = 0
  while (size >= 1024 && unit < units.length - 1) {
    size /= 1024
    unit++
  }
  return `${unit === 0 ? size : size.toFixed(1)} ${units[unit]}`
}
