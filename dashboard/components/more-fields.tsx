/** The settings of an account that few need: how often it is visited, how large its messages may be, and the marks of what is stored. */
import type { Draft } from '../draft.ts'
import type { Account, AccountPatch } from '../shapes.ts'
import { words } from '../words/index.ts'
import { Field } from './field.tsx'

export interface Rare {
  /** The shortest and the longest time between two visits, in minutes. */
  readonly least: string
  readonly most: string
  /** In MB. */
  readonly largest: string
  /** With blanks between them. */
  readonly flags: string
}

const octetsOfMegabyte = 1_000_000
const numberIn = (text: string) => Number(text.trim().replace(',', '.'))
const shown = (value: number) => String(Number(value.toFixed(6)))
const minutes = '\\s*\\d{1,6}([.,]\\d{1,2})?\\s*'

export const rareOf = ({
  interval,
  maxMessageBytes,
  flags,
}: Pick<Account, 'interval' | 'maxMessageBytes' | 'flags'>): Rare => ({
  least: shown(interval.minSeconds / 60),
  most: shown(interval.maxSeconds / 60),
  largest: shown(maxMessageBytes / octetsOfMegabyte),
  flags: flags.join(' '),
})

/** Of a new account, as the API has it where nothing is said. */
export const usualRare = rareOf({
  interval: { minSeconds: 120, maxSeconds: 3600 },
  maxMessageBytes: 157_286_400,
  flags: [],
})

/** As the API takes it: only what was typed anew. */
export function changedRare(before: Rare, typed: Rare): Pick<AccountPatch, 'interval' | 'maxMessageBytes' | 'flags'> {
  const seconds = (text: string) => Math.round(numberIn(text) * 60)
  const interval = {
    ...(typed.least === before.least ? {} : { minSeconds: seconds(typed.least) }),
    ...(typed.most === before.most ? {} : { maxSeconds: seconds(typed.most) }),
  }
  return {
    ...(Object.keys(interval).length === 0 ? {} : { interval }),
    ...(typed.largest === before.largest
      ? {}
      : { maxMessageBytes: Math.round(numberIn(typed.largest) * octetsOfMegabyte) }),
    ...(typed.flags === before.flags ? {} : { flags: typed.flags.split(/\s+/).filter((flag) => flag !== '') }),
  }
}

export function MoreFields({ draft }: { readonly draft: Draft<Rare> }) {
  const { edit: say } = words.value
  const numeric = { inputMode: 'decimal', required: true, autocomplete: 'off', title: say.number } as const
  return (
    <details class="by-hand" open={draft.problem?.errors?.some(({ pointer }) => isRare(pointer)) === true}>
      <summary>{say.more}</summary>
      <div class="fields">
        <div class="fields-row">
          <Field
            label={say.least}
            hint={say.leastHint}
            pattern={minutes}
            {...numeric}
            {...draft.of('least', 'interval/minSeconds')}
          />
          <Field
            label={say.most}
            hint={say.mostHint}
            pattern={minutes}
            {...numeric}
            {...draft.of('most', 'interval')}
          />
        </div>
        <div class="fields-row">
          <Field
            label={say.largest}
            hint={say.largestHint}
            pattern="\s*\d{1,4}([.,]\d{1,6})?\s*"
            {...numeric}
            {...draft.of('largest', 'maxMessageBytes')}
          />
          <Field
            label={say.flags}
            hint={say.flagsHint}
            autocapitalize="none"
            autocomplete="off"
            spellcheck={false}
            {...draft.of('flags')}
          />
        </div>
      </div>
    </details>
  )
}

const isRare = (pointer: string) => ['/interval', '/maxMessageBytes', '/flags'].some((name) => pointer.startsWith(name))
