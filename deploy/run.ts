/** What `npm start` hands over to. */
import { main } from './local.ts'

await main()
