// times.ts — moments, and sizes, as people say them.

const hour = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' })
const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' })
const year = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' })

export function timeWords(time: number): string {
  return hour.format(time)
}

/** The hour today, the day this year, else the year too. */
export function dayWords(time: number): string {
  const then = new Date(time)
  const now = new Date()
  if (then.toDateString() === now.toDateString()) return hour.format(time)
  return then.getFullYear() === now.getFullYear() ? day.format(time) : year.format(time)
}

export function bytesWords(bytes: number): string {
  const [size, unit] =
    bytes < 1e6 ? [bytes / 1e3, 'KB'] : bytes < 1e9 ? [bytes / 1e6, 'MB'] : [bytes / 1e9, 'GB']
  return `${size < 10 ? size.toFixed(1) : Math.round(size)} ${unit}`
}
