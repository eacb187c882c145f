/** How the sending of an account stands. */
export const sendingStates = ['ok', 'held', 'limited'] as const
/** `held`: its server does not let it send; `limited`: it has sent as much as it may for now. What is to go out waits, in either. */
export type SendingState = (typeof sendingStates)[number]
