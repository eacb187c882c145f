/** Shows the keys that secrets are sealed with. */
import { call } from '../../client.ts'
import { Button } from '../../components/button.tsx'
import { Confirm, DialogButton } from '../../components/dialog.tsx'
import { Section } from '../../components/page.tsx'
import { Loaded } from '../../components/states.tsx'
import { Badge } from '../../components/status-badge.tsx'
import { attempt } from '../../components/toast.tsx'
import { moment } from '../../intl.ts'
import { useResource } from '../../resource.ts'
import type { Keys } from '../../shapes.ts'
import { settings } from '../../words/settings.ts'

const looks = { sealing: ['good', 'check'], opening: ['calm', 'clock'], missing: ['bad', 'stop'] } as const

export function KeyRing() {
  const { value: say } = settings
  const keys = useResource<Keys>('/keys')
  const act = async (verb: 'rotate' | 'prune', done: string) =>
    await attempt(async () => keys.set(await call<Keys>('POST', `/keys/${verb}`)), done)
  return (
    <Section
      title={say.keys}
      aside={
        <DialogButton
          dialog={(close) => (
            <Confirm
              title={say.rotateTitle}
              action={say.rotate}
              onConfirm={() => void act('rotate', say.rotated)}
              onClose={close}
            >
              <p>{say.rotateHint}</p>
            </Confirm>
          )}
        >
          {say.rotate}
        </DialogButton>
      }
    >
      <p class="quiet lead">{say.keysHint}</p>
      <Loaded of={keys}>
        {({ items, resealing }) => (
          <>
            <ul class="rows">
              {items.map(({ id, createdAt, state, records }) => {
                const [tone, icon] = looks[state]
                return (
                  <li key={id}>
                    <div class="rows-name">
                      <code>{id}</code>
                      <p class="facts-line">
                        {createdAt !== null && <span>{moment(createdAt)}</span>}
                        <span>{say.records(records)}</span>
                      </p>
                    </div>
                    <Badge tone={tone} icon={icon}>
                      {say.keyStates[state]}
                    </Badge>
                  </li>
                )
              })}
            </ul>
            {resealing && <p class="quiet">{say.resealing}</p>}
            {items.some(({ state, records }) => state === 'opening' && records === 0) && (
              <div class="form-do">
                <Button onClick={() => void act('prune', say.pruned)}>{say.prune}</Button>
              </div>
            )}
          </>
        )}
      </Loaded>
    </Section>
  )
}
