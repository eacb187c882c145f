/** `tributary webhook`: who is told of what. */
import type { Command } from 'commander'
import type { Cli } from './cli.ts'
import { destinationId, idNamed } from './find.ts'
import { type ListOptions, list, withPages } from './lists.ts'
import { collect, given } from './options.ts'
import { example } from './reference.ts'
import { moment } from './words.ts'
import type { Delivery, Webhook } from './wire.ts'

export function addWebhooks(program: Command, cli: Cli): void {
  const { terminal } = cli
  const webhook = program.command('webhook').description('Webhooks: who is told when something happens')
  const idOf = async (name: string) => await idNamed(cli.api, '/webhooks', 'webhook', name, 'url')

  example(
    webhook
      .command('add')
      .description('Have a URL told; the secret that signs what is sent is shown this once')
      .argument('<url>', 'where to')
      .requiredOption('--event <event>', 'run.failed, account.needs_attention ...; more by giving it again', collect)
      .option('--description <text>', 'for people')
      .option('--destination <name>', 'of this destination and its accounts alone')
      .action(async (url: string, options: { event: string[]; description?: string; destination?: string }) => {
        const { event: events, description, destination } = options
        const owner = destination === undefined ? {} : { destinationId: await destinationId(cli.api, destination) }
        const body = { url, events, ...given({ description }), ...owner }
        const made = await cli.api.post<Webhook>('/webhooks', body)
        if (terminal.json) terminal.document(made)
        else terminal.say(made.secret ?? '')
        terminal.note(`${made.url} is told from now on. The secret is not shown again.`)
      }),
    'tributary webhook add https://panel.example.net/hooks --event run.failed --event account.needs_attention',
  )

  example(
    withPages(webhook.command('list').description('List webhooks')).action(async (options: ListOptions) => {
      await list<Webhook>(cli, '/webhooks', {}, options, [
        { title: 'id', of: ({ id }) => id },
        { title: 'url', of: ({ url }) => url },
        { title: 'made', of: ({ createdAt }) => moment(createdAt) },
        { title: 'events', of: ({ events }) => events.join(' ') },
      ])
    }),
    'tributary webhook list',
  )

  example(
    webhook
      .command('test')
      .description('Send a sample now')
      .argument('<webhook>', 'its URL or id')
      .action(async (name: string) => {
        const delivery = await cli.api.post<Delivery | undefined>(`/webhooks/${await idOf(name)}/test`)
        if (terminal.json) return terminal.document(delivery)
        terminal.note(`A sample is on its way; "tributary webhook deliveries ${name}" shows how it went.`)
      }),
    'tributary webhook test https://panel.example.net/hooks',
  )

  example(
    withPages(webhook.command('deliveries').description('List what was sent to a webhook, and how it went'))
      .argument('<webhook>', 'its URL or id')
      .action(async (name: string, options: ListOptions) => {
        await list<Delivery>(cli, `/webhooks/${await idOf(name)}/deliveries`, {}, options, [
          { title: 'id', of: ({ id }) => id },
          { title: 'at', of: ({ at }) => moment(at) },
          { title: 'event', of: ({ event }) => event },
          { title: 'state', of: ({ state }) => state },
        ])
      }),
    'tributary webhook deliveries https://panel.example.net/hooks',
  )

  example(
    webhook
      .command('replay')
      .description('Send again what was sent')
      .argument('<webhook>', 'its URL or id')
      .argument('<delivery>', 'its id in the list of deliveries')
      .action(async (name: string, delivery: string) => {
        terminal.document(await cli.api.post(`/webhooks/${await idOf(name)}/deliveries/${delivery}/replay`))
      }),
    'tributary webhook replay https://panel.example.net/hooks 01JQ5Z0V9Q3W7X2B4C6D8E0F1G',
  )

  example(
    webhook
      .command('remove')
      .description('Tell a URL no more')
      .argument('<webhook>', 'its URL or id')
      .action(async (name: string) => {
        await cli.api.ask('DELETE', `/webhooks/${await idOf(name)}`)
        terminal.note(`${name} is told no more.`)
      }),
    'tributary webhook remove https://panel.example.net/hooks',
  )
}
