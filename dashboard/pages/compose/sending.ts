/** What happens when somebody sends: for ten seconds it can be called back. */
import { call, problemOf, serverMs } from '../../client.ts'
import { offer, tell } from '../../components/toast.tsx'
import { moment } from '../../intl.ts'
import { navigate, path } from '../../router.ts'
import type { Outgoing } from '../../shapes.ts'
import { sending } from '../../words/sending.ts'
import { callBack } from './beginning.ts'
import { Writing } from './writing.ts'

/** For this long a message waits in the outbox, and can be called back. */
const undoneWithinMs = 10_000
/** The server says its time in whole seconds. */
const secondMs = 1000

/** @param laterMs by this clock. Resolves to whether it was taken. */
export async function sendNow(writing: Writing, laterMs?: number): Promise<boolean> {
  const here = `${path.value}${location.search}`
  const atMs = laterMs === undefined ? serverMs() + undoneWithinMs + secondMs : laterMs - Date.now() + serverMs()
  const taken = await writing.send<Outgoing>(new Date(atMs).toISOString())
  if (taken === undefined) return false
  const say = sending.value
  const undo = { label: say.undo, onDo: () => void undone(writing, taken.id, here) }
  offer(
    laterMs === undefined ? say.sentFor(undoneWithinMs / 1000) : say.goesOutAt(moment(laterMs)),
    undo,
    undoneWithinMs,
  )
  return true
}

async function undone(writing: Writing, id: string, where: string): Promise<void> {
  const say = sending.value
  try {
    await call('POST', `/outbox/${id}/cancel`)
  } catch (error) {
    tell(problemOf(error).status === 409 ? say.tooLate : say.notUndone, 'bad')
    return
  }
  // Somebody writes another one already.
  if (path.value.endsWith('/compose')) {
    const back = new Writing(writing.destination, writing.values.value, writing.origin)
    back.set({})
    if (await back.save()) tell(say.backInDrafts)
    else tell(say.notSaved, 'bad')
    return
  }
  callBack(writing)
  navigate(where)
}
