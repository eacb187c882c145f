/** The server does not do what its mechanism says. `isImpostor`: it does not know the password, and is not the server that it should be. */
export class SaslBroken extends Error {
  override readonly name = 'SaslBroken'
  readonly isImpostor: boolean

  constructor(message: string, isImpostor = false) {
    super(message)
    this.isImpostor = isImpostor
  }
}
