/** START HERE: the language, who is signed in, and then the pages (routes.ts). */
import './styles/base.css'
import { effect } from '@preact/signals'
import { render } from 'preact'
import { App } from './app.tsx'
import { linkBelow } from './below.ts'
import { session } from './client.ts'
import { connect, disconnect, followVisibility } from './live.ts'
import { followAccounts } from './roster.ts'
import { followLinks } from './router.ts'
import { followScroll } from './scroll.ts'
import { followTheme } from './theme.ts'
import { followTroubles } from './trouble-mark.ts'
import { followUnsaved } from './unsaved.ts'
import { speakAsRead } from './words/index.ts'

linkBelow()
followTheme()
followLinks()
followScroll()
followAccounts()
followVisibility()
followUnsaved()
followTroubles()
// Events are sent only to those who are signed in.
effect(() => {
  if (typeof session.value === 'string') disconnect()
  else connect()
})
await speakAsRead()
const place = document.querySelector('#app')
if (place !== null) render(<App />, place)
