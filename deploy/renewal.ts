/** Makes the hosted store serve a renewed certificate without a restart, so that sessions go on. */
import { watchPair } from '../src/disk/certificate.ts'
import type { Logger } from '../src/log.ts'
import { type DovecotPlaces, reload } from './dovecot.ts'
import type { Identity } from './identity.ts'

export function keepCertificate(places: DovecotPlaces, identity: Identity, log: Logger): { stop(): void } {
  return watchPair(places, {
    changed({ validTo }) {
      reload(places, identity).then(
        () => log.info({ event: 'certificate renewed', part: 'dovecot', validTo }),
        (error: Error) => log.error({ event: 'certificate refused', part: 'dovecot', reason: error.message }),
      )
    },
    refused: (reason) =>
      log.error(
        { event: 'certificate refused', part: 'dovecot', reason },
        'The new certificate is not served; the one before stays',
      ),
  })
}
