/** The settings of a login that few need: how it proves who it is, how old its encryption may be, and the proxy that leads to the server. */
import { useSignal } from '@preact/signals'
import type { Draft } from '../draft.ts'
import { ownerOf } from '../session.ts'
import type { Account } from '../shapes.ts'
import { words } from '../words/index.ts'
import { Check, Choice, Field } from './field.tsx'

type TlsVersion = Account['tlsMinVersion']
export type Sasl = NonNullable<Account['sasl']>

export interface Line {
  /** Empty for the strongest that the server offers. */
  readonly sasl: Sasl | ''
  readonly tlsMinVersion: TlsVersion
  readonly tlsLegacy: boolean
  /** As it is typed: empty for the one of the instance. */
  readonly proxy: string
}

export const usualLine: Line = { sasl: '', tlsMinVersion: 'TLSv1.2', tlsLegacy: false, proxy: '' }

type Lined = Pick<Account, 'tls' | 'sasl' | 'tlsMinVersion' | 'tlsLegacy' | 'proxy'>

export const lineOf = ({ sasl, tlsMinVersion, tlsLegacy, proxy }: Omit<Lined, 'tls'>): Line => ({
  sasl: sasl ?? '',
  tlsMinVersion,
  tlsLegacy,
  proxy: proxy ?? '',
})

/** The mechanisms that there are, the strongest first. */
const byPassword = ['SCRAM-SHA-256', 'SCRAM-SHA-1', 'CRAM-MD5', 'PLAIN', 'LOGIN'] as const satisfies readonly Sasl[]
const byToken = ['OAUTHBEARER', 'XOAUTH2'] as const satisfies readonly Sasl[]
const ofPop3 = ['APOP', 'USER'] as const satisfies readonly Sasl[]

export interface Way {
  readonly protocol: 'POP3' | 'IMAP'
  /** Whether somebody signs in at the provider, and there is no password. */
  readonly signsIn: boolean
}

const mechanismsOf = ({ protocol, signsIn }: Way): readonly Sasl[] =>
  signsIn ? byToken : protocol === 'POP3' ? [...byPassword, ...ofPop3] : byPassword

/** The mechanism that is chosen, if it is one of this way in: another way has others. */
const fitting = (sasl: Line['sasl'], way: Way) => (sasl !== '' && mechanismsOf(way).includes(sasl) ? sasl : '')

/** As the API takes it. */
export function sentLine({ sasl, tlsMinVersion, tlsLegacy, proxy }: Line, way: Way) {
  const chosen = fitting(sasl, way)
  return {
    sasl: chosen === '' ? null : chosen,
    tlsMinVersion,
    tlsLegacy,
    proxy: proxy.trim() === '' ? null : proxy.trim(),
  }
}

const versions = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'] as const
const isOld = (version: TlsVersion) => version === 'TLSv1' || version === 'TLSv1.1'

/** Somebody on the way may be able to read what is sent there. */
export const isWeak = ({ tls, tlsMinVersion, tlsLegacy }: Pick<Lined, 'tls' | 'tlsMinVersion' | 'tlsLegacy'>) =>
  tls !== 'none' && (tlsLegacy || isOld(tlsMinVersion))

/** The one of the two settings that lets in more. */
export const isOlder = (one: TlsVersion, other: TlsVersion) => versions.indexOf(one) < versions.indexOf(other)

export function LineFields({ draft, way }: { readonly draft: Draft<Line>; readonly way: Way }) {
  const { line: say } = words.value
  const { sasl, tlsMinVersion, tlsLegacy, proxy } = draft.values
  // What is typed later does not shut it.
  const { value: wasUnusual } = useSignal(
    sasl !== '' || tlsMinVersion !== usualLine.tlsMinVersion || tlsLegacy || proxy !== '',
  )
  return (
    <details class="by-hand" open={wasUnusual}>
      <summary>{say.title}</summary>
      <div class="fields">
        <Choice<Line['sasl']>
          label={say.sasl}
          hint={say.saslHint}
          options={[
            { value: '', text: say.strongest },
            ...mechanismsOf(way).map((value) => ({ value, text: say.mechanisms[value] })),
          ]}
          {...draft.of('sasl')}
          value={fitting(sasl, way)}
        />
        <Choice
          label={say.oldest}
          options={versions.map((value) => ({ value, text: say.versions[value] }))}
          {...draft.of('tlsMinVersion')}
          {...(isOld(tlsMinVersion) ? { hint: say.weakHint } : {})}
        />
        <Check label={say.legacy} {...draft.of('tlsLegacy')} />
        {tlsLegacy && <small class="hint">{say.weakHint}</small>}
        {ownerOf() === null && (
          <Field
            label={say.proxy}
            hint={say.proxyHint}
            autocapitalize="none"
            autocomplete="off"
            spellcheck={false}
            {...draft.of('proxy')}
          />
        )}
      </div>
    </details>
  )
}

/** Is shown wherever the line of an account or a destination is weaker than it should be. */
export function WeakLine({ of }: { readonly of: Lined }) {
  return isWeak(of) ? <p class="note bad">{words.value.line.weak}</p> : null
}
