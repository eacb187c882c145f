/** Loads the rest of a list that came in part, one page at a time. */
import { get } from '../client.ts'
import type { Resource } from '../resource.ts'
import type { List } from '../shapes.ts'
import { words } from '../words/index.ts'
import { Button } from './button.tsx'
import { attempt } from './toast.tsx'

export function More<Item>({ of }: { readonly of: Resource<List<Item>> }) {
  const { value: loaded } = of.now
  if (loaded.state !== 'ready' || loaded.value.next === null) return null
  const { items, next } = loaded.value
  const more = async () => {
    const list = await get<List<Item>>(`${of.path}&cursor=${next}`)
    of.set({ ...list, items: [...items, ...list.items] })
  }
  return <Button onClick={() => void attempt(more)}>{words.value.common.showMore}</Button>
}
