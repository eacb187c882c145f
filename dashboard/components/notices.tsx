/** What a run remarks beside its counts, in the reader's language; one that has no code is told as the API tells it. */
import { bytes, moment } from '../intl.ts'
import type { Run, RunRemark } from '../shapes.ts'
import { words } from '../words/index.ts'
import { runRemark } from '../words/remarks.ts'

export function Notices({
  run: { notices, remarks = [] },
  kind,
}: {
  readonly run: Run
  readonly kind?: 'note' | 'quiet'
}) {
  return (
    <>
      {notices.map((notice, nth) => {
        const remark = remarks[nth] ?? null
        return (
          <p key={notice} class={kind} {...(remark === null ? { lang: 'en' } : {})}>
            {remark === null ? notice : runRemark(words.value.remarks, remark.code, shownFacts(remark))}
          </p>
        )
      })}
    </>
  )
}

const sizes: ReadonlySet<string> = new Set(['octets', 'size', 'octetsPerHour'])

function shownFacts(remark: RunRemark): object {
  const facts = Object.entries(remark).map(([name, fact]: [string, string | number]) => [
    name,
    name === 'at' ? moment(String(fact)) : sizes.has(name) ? bytes(Number(fact)) : fact,
  ])
  return Object.fromEntries(facts) as object
}
