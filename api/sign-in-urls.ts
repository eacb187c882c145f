/** The addresses of this instance to which browsers are sent for a sign-in. */

/** The redirect URI (RFC 6749 section 3.1.2). */
export function callbackOf(publicUrl: string): string {
  return `${publicUrl}/api/v1/oauth/callback`
}

/** The page of ours to which a link leads. The secret stands in the query, which no log holds. */
export function linkOf(publicUrl: string, secret: string): string {
  return `${publicUrl}/api/v1/oauth/link?link=${secret}`
}
