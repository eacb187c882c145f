/** Reads the elements of DER (X.690), as far as certificates and TLS sessions need it. Pure. */

export interface DerElement {
  readonly tag: number
  /** Where it begins, where its content begins, and where it ends. */
  readonly at: number
  readonly from: number
  readonly end: number
}

/** Undefined: it is none, or of another form than OpenSSL writes. */
export function elementAt(der: Buffer, at: number): DerElement | undefined {
  const [tag, first] = [der[at], der[at + 1]]
  if (tag === undefined || first === undefined) return undefined
  const lengthOctets = first < 0x80 ? 0 : first - 0x80
  const from = at + 2 + lengthOctets
  if (lengthOctets > 3 || from > der.length) return undefined
  const end = from + (lengthOctets === 0 ? first : der.readUIntBE(at + 2, lengthOctets))
  return end > der.length ? undefined : { tag, at, from, end }
}

/** The elements in the content of another one, up to the first that cannot be read. */
export function elementsIn(der: Buffer, { from, end }: Pick<DerElement, 'from' | 'end'>): DerElement[] {
  const found: DerElement[] = []
  for (let at = from; at < end; ) {
    const one = elementAt(der, at)
    if (one === undefined || one.end > end) break
    found.push(one)
    at = one.end
  }
  return found
}
