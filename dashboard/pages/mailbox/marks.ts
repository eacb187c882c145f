/** Marks messages as read or flagged. A change is shown at once, and taken back if the store does not accept it. */
import { call } from '../../client.ts'
import { attempt } from '../../components/toast.tsx'
import type { Resource } from '../../resource.ts'
import type { Folders, Message } from '../../shapes.ts'
import type { Listing } from './listing.ts'

export type Marks = Pick<Message, 'seen' | 'flagged'>

/** The part of a mailbox that is shown. */
export interface Shown {
  readonly folders: Resource<Folders>
  readonly letters: Listing
  readonly message: Resource<Message>
}

export async function mark(shown: Shown, message: Message, changed: Partial<Marks>): Promise<void> {
  const { seen, flagged } = message
  const marked = { ...message, ...changed }
  show(shown, message, marked)
  if (!(await attempt(async () => await call('PATCH', shown.message.path, changed))))
    show(shown, marked, { seen, flagged })
}

function show({ folders, letters, message }: Shown, was: Message, { seen, flagged }: Marks): void {
  const one = <Item extends { readonly uid: number }>(item: Item): Item =>
    item.uid === was.uid ? { ...item, seen, flagged } : item
  change(message, one)
  letters.change(one)
  if (seen === was.seen) return
  const fewer = seen ? 1 : -1
  change(folders, ({ items }) => ({
    items: items.map((each) =>
      each.path === was.folder ? { ...each, unseen: Math.max(0, each.unseen - fewer) } : each,
    ),
  }))
}

function change<Value>(resource: Resource<Value>, changed: (value: Value) => Value): void {
  const loaded = resource.now.peek()
  if (loaded.state === 'ready') resource.set(changed(loaded.value))
}
