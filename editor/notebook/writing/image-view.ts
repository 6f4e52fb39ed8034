// image-view.ts — an image in the text; one that does not load, or may not, says so in its place.
import type { NodeViewRenderer } from '@tiptap/core'
import { writing } from '../texts.ts'
import { isImageAddress } from './link-addresses.ts'

export const imageView: NodeViewRenderer = ({ node }) => {
  const dom = document.createElement('figure')
  dom.className = 'image'
  const address: unknown = node.attrs['src']
  const showMissing = (): void => {
    const words = document.createElement('span')
    words.className = 'image-missing'
    words.textContent = writing.imageIsMissing(String(address))
    dom.replaceChildren(words)
  }
  if (!isImageAddress(address)) {
    showMissing()
    return { dom }
  }
  const image = document.createElement('img')
  image.referrerPolicy = 'no-referrer'
  image.alt = String(node.attrs['alt'] ?? '')
  image.addEventListener('error', showMissing)
  image.src = address
  dom.append(image)
  return { dom }
}
