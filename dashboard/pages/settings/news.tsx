/** The choice of which news is sent. */
import { Checks } from '../../components/options.tsx'
import type { Held } from '../../draft.ts'
import type { News } from '../../shapes.ts'
import { words } from '../../words/index.ts'

export const news: readonly News[] = [
  'run.failed',
  'account.needs_attention',
  'account.recovered',
  'message.quarantined',
  'first_import.finished',
  'message.sent',
  'message.failed',
  'message.bounced',
]

export function NewsChecks(held: Held<readonly News[]>) {
  const { settings: say } = words.value
  return <Checks label={say.tellOf} options={news.map((value) => ({ value, text: say.news[value] }))} {...held} />
}
