/** Steps that several providers have in common. */
export const tried = {
  title: 'Try it here',
  acts: ['Type the address and the password. It is only tried: nothing is fetched or kept.'],
}
export const save = {
  title: 'Enter the application here',
  acts: ['An administrator does that once; everybody’s accounts of this provider sign in by it.'],
}
export const signIn = {
  title: 'Sign in',
  acts: [
    'Add the account, and choose to sign in. The browser goes to the provider, and comes back.',
    'For a mailbox of somebody else: add the account, and make a link for its owner on the account’s page.',
  ],
}
export const begin = {
  title: 'Add the mailboxes',
  acts: [
    'On the command line, as an administrator: add each mailbox with the id of the application here, and sign it in.',
  ],
}
