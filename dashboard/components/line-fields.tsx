/** The settings of a line that few need: how old its encryption may be, and the proxy that leads to the server. */
import type { Draft } from '../draft.ts'
import { ownerOf } from '../session.ts'
import type { Account } from '../shapes.ts'
import { words } from '../words/index.ts'
import { Check, Choice, Field } from './field.tsx'

type TlsVersion = Account['tlsMinVersion']

export interface Line {
  readonly tlsMinVersion: TlsVersion
  readonly tlsLegacy: boolean
  /** As it is typed: empty for the one of the instance. */
  readonly proxy: string
}

export const usualLine: Line = { tlsMinVersion: 'TLSv1.2', tlsLegacy: false, proxy: '' }

type Lined = Pick<Account, 'tls' | 'tlsMinVersion' | 'tlsLegacy' | 'proxy'>

export const lineOf = ({ tlsMinVersion, tlsLegacy, proxy }: Omit<Lined, 'tls'>): Line => ({
  tlsMinVersion,
  tlsLegacy,
  proxy: proxy ?? '',
})

/** As the API takes it. */
export const sentLine = ({ tlsMinVersion, tlsLegacy, proxy }: Line) => ({
  tlsMinVersion,
  tlsLegacy,
  proxy: proxy.trim() === '' ? null : proxy.trim(),
})

const isOld = (version: TlsVersion) => version === 'TLSv1' || version === 'TLSv1.1'

/** Somebody on the way may be able to read what is sent there. */
export const isWeak = ({ tls, tlsMinVersion, tlsLegacy }: Lined) =>
  tls !== 'none' && (tlsLegacy || isOld(tlsMinVersion))

const versions = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'] as const

export function LineFields({ draft }: { readonly draft: Draft<Line> }) {
  const { line: say } = words.value
  const { tlsMinVersion, tlsLegacy, proxy } = draft.values
  const isUsual = tlsMinVersion === usualLine.tlsMinVersion && !tlsLegacy && proxy === ''
  return (
    <details class="by-hand" open={!isUsual}>
      <summary>{say.title}</summary>
      <div class="fields">
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
