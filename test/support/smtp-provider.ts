/** A real SMTP server as somebody's provider. It lets `me` in with `secret`, over TLS alone. */
export interface SmtpProvider {
  /** STARTTLS. */
  readonly port: number
  /** TLS from the first octet. */
  readonly tlsPort: number
  /** The certificate's, for `localhost`. */
  readonly ca: string
  readonly fingerprint: string
  /** What was delivered, with the header lines that it puts in front; once for each recipient, or for all. */
  mails(): Buffer[]
  stop(): Promise<void>
}

/** It takes messages of up to so many octets. */
export const providerOctetsMax = 200 * 1024 * 1024
