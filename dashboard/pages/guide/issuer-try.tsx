/** Asks an issuer what it says of itself, before anything is registered there. */
import { useSignal } from '@preact/signals'
import { Field } from '../../components/field.tsx'
import { IssuerCheck } from '../../components/sign-in/issuer-check.tsx'
import { may, ownerOf } from '../../session.ts'
import { words } from '../../words/index.ts'

export function IssuerTry() {
  const { guide: say, signing } = words.value
  const issuer = useSignal('')
  if (!may('admin') || ownerOf() !== null) return <p class="quiet">{say.onlyAdmins}</p>
  return (
    <div class="fields guide-try">
      <Field
        label={signing.issuer}
        hint={signing.issuerHint}
        autocapitalize="none"
        autocomplete="off"
        spellcheck={false}
        inputMode="url"
        value={issuer.value}
        onChange={(value) => {
          issuer.value = value
        }}
      />
      <IssuerCheck issuer={issuer.value.trim()} />
    </div>
  )
}
