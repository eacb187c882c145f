/** A sentence of the page, with the API's own words quoted behind it where there are some. */
import type { Told } from '../mistakes.ts'

export function InWords({ told: { text, said } }: { readonly told: Told }) {
  return (
    <>
      {text}
      {said !== undefined && said !== '' && (
        <>
          {' '}
          <q lang="en">{said}</q>
        </>
      )}
    </>
  )
}
