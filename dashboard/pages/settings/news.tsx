/** The choice of which news is sent. */
import { Checks } from '../../components/options.tsx'
import type { Held } from '../../draft.ts'
import type { News } from '../../shapes.ts'
import { settings } from '../../words/settings.ts'

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
  const { value: say } = settings
  return <Checks label={say.tellOf} options={news.map((value) => ({ value, text: say.news[value] }))} {...held} />
}
