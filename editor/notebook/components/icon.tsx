// icon.tsx — drawings of one stroke. They are for the eye: the words for ears are with the button they stand in.
import type { ReactElement } from 'react'

const paths = {
  up: 'M6 15l6-6 6 6',
  down: 'M6 9l6 6 6-6',
  heading1: 'M4 6v12M12 6v12M4 12h8M17 10l2.5-2v10',
  heading2: 'M4 6v12M12 6v12M4 12h8M16 10c0-3 4.5-3 4.5 0 0 2-4.5 4-4.5 8H21',
  heading3: 'M4 6v12M12 6v12M4 12h8M16 9.5c0-2.5 4.5-2.5 4.5.5 0 2-2 2.5-2.5 2.5 1 0 3 .5 3 2.7 0 3-5 3-5 .3',
  plus: 'M12 5v14M5 12h14',
  search: 'M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14ZM20 20l-4-4',
  back: 'M15 5l-7 7 7 7',
  more: 'M5 12h.01M12 12h.01M19 12h.01',
  close: 'M6 6l12 12M18 6L6 18',
  trash: 'M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13',
  bringBack: 'M4 5v6h6M4 11a8 8 0 1 1 2 6',
  heart: 'M12 20S4 15 4 9.5A4.3 4.3 0 0 1 12 7a4.3 4.3 0 0 1 8 2.5C20 15 12 20 12 20Z',
  thumb: 'M7 11v9H4v-9h3Zm0 0 4-8a2.4 2.4 0 0 1 2.4 2.4V9h5.2a2 2 0 0 1 2 2.3l-1.2 7a2 2 0 0 1-2 1.7H7',
  star: 'M12 4l2.5 5.2 5.7.8-4.1 4 1 5.6-5.1-2.7-5.1 2.7 1-5.6-4.1-4 5.7-.8L12 4Z',
  spark: 'M12 3a6 6 0 0 1 3.5 10.9c-.7.6-1 1.3-1 2.1h-5c0-.8-.3-1.5-1-2.1A6 6 0 0 1 12 3ZM10 20h4',
  undo: 'M8 6L4 10l4 4M4 10h10a5 5 0 0 1 0 10h-3',
  redo: 'M16 6l4 4-4 4M20 10H10a5 5 0 0 0 0 10h3',
  bold: 'M7 5h6a3.5 3.5 0 0 1 0 7H7V5Zm0 7h7a3.5 3.5 0 0 1 0 7H7v-7Z',
  italic: 'M14 5l-4 14M10 5h7M7 19h7',
  strike: 'M5 12h14M16 8c0-2-1.8-3-4-3S8 6 8 8M8 16c0 2 1.8 3 4 3s4-1 4-3',
  code: 'M9 8l-4 4 4 4M15 8l4 4-4 4',
  link: 'M10 14a4 4 0 0 0 6 0l3-3a4 4 0 0 0-6-6l-1 1M14 10a4 4 0 0 0-6 0l-3 3a4 4 0 0 0 6 6l1-1',
  bulletList: 'M9 6h11M9 12h11M9 18h11M4.5 6h.01M4.5 12h.01M4.5 18h.01',
  orderedList: 'M10 6h10M10 12h10M10 18h10M4 5l1.5-1v5M4 14.5c0-2 3-2 3 0 0 1-3 2.5-3 4h3',
  taskList: 'M4 6l1.5 1.5L8 5M4 13l1.5 1.5L8 12M11 6h9M11 13h9M11 19h9M4 19h3',
  blockquote: 'M9 7H5v5h4V7Zm0 5c0 3-1 4-3 5M19 7h-4v5h4V7Zm0 5c0 3-1 4-3 5',
  codeBlock: 'M4 5h16v14H4V5Zm5 5-2 2 2 2M15 10l2 2-2 2',
  rule: 'M4 12h16',
  table: 'M4 5h16v14H4V5Zm0 5h16M4 14.5h16M10 5v14',
  image: 'M4 5h16v14H4V5Zm0 11 5-5 4 4 2-2 5 5M15 9h.01',
} as const

export type IconName = keyof typeof paths

export function Icon({ name, isFilled = false }: { name: IconName; isFilled?: boolean }): ReactElement {
  return (
    <svg
      className="icon"
      viewBox="0 0 24 24"
      aria-hidden="true"
      data-filled={isFilled}
      data-bold={name === 'more'}
    >
      <path d={paths[name]} />
    </svg>
  )
}
