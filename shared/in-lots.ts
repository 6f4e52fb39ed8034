// in-lots.ts — a list in parts of bounded length: a message has bounds, what there is to say may be more. [B1]

export function inLots<Item>(items: readonly Item[], most: number): Item[][] {
  const lots: Item[][] = []
  for (let start = 0; start < items.length; start += most) lots.push(items.slice(start, start + most))
  return lots
}
