// plot.tsx — one figure over time as a line of a hand's breadth. Ears are told its maximum.
import type { ReactElement } from 'react'
import { panel } from '../texts.ts'

const width = 300
const height = 48
const margin = 2

export function Plot({
  title,
  values,
  words,
}: {
  title: string
  values: readonly number[]
  words: (value: number) => string
}): ReactElement {
  const most = Math.max(0, ...values)
  const label = panel.plotMax(words(most))
  const points = values.map((value, index) => `${x(index, values.length)},${y(value, most)}`).join(' ')
  return (
    <figure className="plot">
      <figcaption>
        {title} <span className="quiet">{label}</span>
      </figcaption>
      <svg
        viewBox={`0 0 ${width} ${height}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${title}, ${label}`}
      >
        <polyline points={points} />
      </svg>
    </figure>
  )
}

function x(index: number, count: number): number {
  return count < 2 ? 0 : (index / (count - 1)) * width
}

function y(value: number, most: number): number {
  return height - margin - (most === 0 ? 0 : (value / most) * (height - 2 * margin))
}
