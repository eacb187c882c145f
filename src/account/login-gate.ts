/** Is told by a session when its server wants no other login to the mailbox for a while (RFC 2449 section 6.5). */
export interface LoginGate {
  /** It let us in, and wants so much time until the next login. */
  letIn(delayMs: number): void
  /** It turned us away because we came too soon. @param forMs the time that it names; undefined: none. */
  tooSoon(forMs: number | undefined): void
}
