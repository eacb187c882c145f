/** Signs in by a code that is typed in a browser on another device (RFC 8628), and says how that ends. */
import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { call, get } from '../../client.ts'
import { relative, nowMs } from '../../intl.ts'
import { useResource } from '../../resource.ts'
import type { DeviceCode, SignIn, SignInNow } from '../../shapes.ts'
import { words } from '../../words/index.ts'
import { Button } from '../button.tsx'
import { Copyable } from '../copyable.tsx'
import { Dialog } from '../dialog.tsx'
import { Loaded } from '../states.tsx'
import { Checked } from '../checked.tsx'
import { endOf } from './end.ts'

/** The provider is asked by the API; this asks the API. */
const askMs = 2000

const begun = async (path: string) => await call<DeviceCode>('POST', path, { flow: 'device' })

export function DeviceDialog({
  path,
  onDone,
  onClose,
}: {
  readonly path: string
  readonly onDone: () => void
  readonly onClose: () => void
}) {
  const { signing: say, common } = words.value
  const code = useResource(`${path}/oauth`, begun)
  return (
    <Dialog
      title={say.byCode}
      onClose={onClose}
      actions={
        <Button kind="main" onClick={onClose}>
          {common.close}
        </Button>
      }
    >
      <Loaded of={code}>{(started) => <Code path={path} started={started} onDone={onDone} />}</Loaded>
    </Dialog>
  )
}

function Code({
  path,
  started: { userCode, verificationUri, expiresAt, feeding },
  onDone,
}: {
  readonly path: string
  readonly started: DeviceCode
  readonly onDone: () => void
}) {
  const { signing: say } = words.value
  const seen = useSignal<SignIn | undefined>(undefined)
  useEffect(() => {
    const timer = window.setInterval(() => {
      void get<SignInNow>(`${path}/oauth`).then(
        (now) => {
          if (now.state === 'waiting' || now.userCode !== undefined) return
          window.clearInterval(timer)
          seen.value = now
          onDone()
        },
        // It is asked again.
        () => {},
      )
    }, askMs)
    return () => window.clearInterval(timer)
  }, [path, seen])
  const isOver = Date.parse(expiresAt) <= nowMs.value
  const end = seen.value === undefined ? (isOver ? say.ends.expired : undefined) : endOf(say, seen.value)
  return (
    <>
      <p>{say.feeds(feeding.mailbox, feeding.into)}</p>
      <ol class="device-code">
        <li>
          {say.openPage}{' '}
          <a href={verificationUri} target="_blank" rel="noreferrer">
            {verificationUri.replace(/^https:\/\//, '')}
          </a>
        </li>
        <li>
          {say.typeCode} <Copyable label={say.code} text={userCode} />
        </li>
      </ol>
      {end === undefined ? (
        <Checked state="busy">{say.waits(relative(expiresAt, nowMs.value))}</Checked>
      ) : (
        <Checked state={seen.value?.state === 'signed in' && seen.value.reason === null ? 'good' : 'bad'}>
          {end}
        </Checked>
      )}
    </>
  )
}
