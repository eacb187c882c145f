/** Loads the rest of a list that came in part, one page at a time. */
import { get } from '../client.ts'
import type { Resource } from '../resource.ts'
import type { List } from '../shapes.ts'
import { words } from '../words/index.ts'
import { Button } from './button.tsx'
import { attempt } from './toast.tsx'

/** How often a page without any item is followed by the next one. */
const emptyMax = 100

export function More<Item>({ of }: { readonly of: Resource<List<Item>> }) {
  const { value: loaded } = of.now
  if (loaded.state !== 'ready' || loaded.value.next === null) return null
  const { items, next } = loaded.value
  const more = async () => {
    let list = await get<List<Item>>(`${of.path}&cursor=${next}`)
    // A filter may leave nothing of what one call looks at.
    for (let nth = 0; list.items.length === 0 && list.next !== null && nth < emptyMax; nth += 1)
      list = await get<List<Item>>(`${of.path}&cursor=${list.next}`)
    of.set({ ...list, items: [...items, ...list.items] })
  }
  return <Button onClick={() => void attempt(more)}>{words.value.common.showMore}</Button>
}
