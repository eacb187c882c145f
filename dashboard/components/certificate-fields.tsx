/** Which certificate of a server is trusted: one that is checked, exactly one, or any. */
import type { Draft } from '../draft.ts'
import type { Account } from '../shapes.ts'
import { words } from '../words/index.ts'
import { Choice, Field } from './field.tsx'

const trusts = ['checked', 'pinned', 'unchecked'] as const

export interface Trust {
  readonly trust: (typeof trusts)[number]
  /** As it is typed, with blanks or colons. */
  readonly fingerprint: string
}

export const trustOf = ({ tlsVerify, tlsFingerprint }: Pick<Account, 'tlsVerify' | 'tlsFingerprint'>): Trust => ({
  trust: tlsFingerprint !== null ? 'pinned' : tlsVerify ? 'checked' : 'unchecked',
  fingerprint: groups(tlsFingerprint ?? ''),
})

export const usualTrust: Trust = { trust: 'checked', fingerprint: '' }

/** As the API takes it. */
export const sentTrust = ({ trust, fingerprint }: Trust) => ({
  tlsVerify: trust !== 'unchecked',
  tlsFingerprint: trust === 'pinned' ? fingerprint.replaceAll(/[\s:]/g, '').toLowerCase() : null,
})

/** Formats a fingerprint as `5F 3A ...`, so that it can be read over the telephone. */
export const groups = (hex: string) => hex.toUpperCase().replace(/(..)(?=.)/g, '$1 ')

export function CertificateFields({ draft }: { readonly draft: Draft<Trust> }) {
  const { edit: say } = words.value
  const { trust } = draft.values
  return (
    <>
      <Choice
        label={say.certificate}
        options={trusts.map((value) => ({ value, text: say.trusts[value] }))}
        {...(trust === 'unchecked' ? { hint: say.uncheckedHint } : {})}
        {...draft.of('trust', 'tlsVerify')}
      />
      {trust === 'pinned' && (
        <Field
          label={say.fingerprint}
          hint={say.fingerprintHint}
          required
          pattern="\s*([0-9a-fA-F]{2}[\s:]?){32}\s*"
          title={say.fingerprintPattern}
          autocapitalize="none"
          autocomplete="off"
          spellcheck={false}
          {...draft.of('fingerprint', 'tlsFingerprint')}
        />
      )}
    </>
  )
}

/** The certificate that was trusted, if exactly one was, beside the one that the server shows now. */
export function Fingerprints({ before, now }: { readonly before: string | null; readonly now: string }) {
  const { edit: say } = words.value
  return (
    <dl class="fingerprints">
      {before !== null && (
        <div>
          <dt>{say.trustedSoFar}</dt>
          <dd>
            <code class="fingerprint">{groups(before)}</code>
          </dd>
        </div>
      )}
      <div>
        <dt>{say.shownNow}</dt>
        <dd>
          <code class="fingerprint">{groups(now)}</code>
        </dd>
      </div>
    </dl>
  )
}
