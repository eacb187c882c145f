/** `tributary webhook`: the URLs that are told of news. */
import type { Command } from 'commander'
import type { Cli } from './cli.ts'
import { CommandFailed } from './failure.ts'
import { destinationId, idNamed } from './find.ts'
import { type ListOptions, list, withPages } from './lists.ts'
import { collect, given } from './options.ts'
import { example } from './reference.ts'
import { webhookState } from './states.ts'
import { away, moment } from './words.ts'
import type { Delivery, MadeWebhook, Webhook } from './wire.ts'

export function addWebhooks(program: Command, cli: Cli): void {
  const webhook = program.command('webhook').description('Webhooks: who is told when something happens')
  addAdd(webhook, cli)
  addEdit(webhook, cli)
  addList(webhook, cli)
  addTest(webhook, cli)
  addDeliveries(webhook, cli)
  addReplay(webhook, cli)
  addRotate(webhook, cli)
  addEnable(webhook, cli)
  addRemove(webhook, cli)
}

async function webhookId({ api }: Cli, name: string): Promise<string> {
  return await idNamed(api, { path: '/webhooks', noun: 'webhook', field: 'url' }, name)
}

function addAdd(webhook: Command, cli: Cli): void {
  const { terminal } = cli
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
        const made = await cli.api.post<MadeWebhook>('/webhooks', body)
        if (terminal.json) terminal.document(made)
        else terminal.say(made.secret)
        terminal.note(`${made.url} is told from now on. The secret is not shown again.`)
      }),
    'tributary webhook add https://panel.example.net/hooks --event run.failed --event account.needs_attention',
  )
}

function addEdit(webhook: Command, cli: Cli): void {
  const { terminal } = cli
  example(
    webhook
      .command('edit')
      .description('Change a webhook')
      .argument('<webhook>', 'its URL or id')
      .option('--to <url>', 'where to from now on')
      .option('--event <event>', 'what it is told; more by giving it again, and no others', collect)
      .option('--description <text>', 'for people')
      .action(async (name: string, options: { to?: string; event?: string[]; description?: string }) => {
        const { to: url, event: events, description } = options
        const body = given({ url, events, description })
        if (Object.keys(body).length === 0)
          throw new CommandFailed('usage', 'What is to change? --help lists the options.')
        const changed = await cli.api.ask<Webhook>('PATCH', `/webhooks/${await webhookId(cli, name)}`, { body })
        if (terminal.json) terminal.document(changed)
        else terminal.note(`${changed.url} is changed.`)
      }),
    'tributary webhook edit https://panel.example.net/hooks --event run.failed',
  )
}

function addList(webhook: Command, cli: Cli): void {
  example(
    withPages(webhook.command('list').description('List webhooks'))
      .option('--destination <name>', 'only those of this destination alone')
      .action(async ({ destination, ...options }: ListOptions & { destination?: string }) => {
        const of = destination === undefined ? undefined : await destinationId(cli.api, destination)
        await list<Webhook>(cli, { path: '/webhooks', query: { destinationId: of } }, options, [
          { title: 'id', of: ({ id }) => id },
          { title: 'url', of: ({ url }) => url },
          {
            title: 'status',
            of: webhookState,
          },
          { title: 'why', of: ({ reason }) => reason ?? '' },
          { title: 'last told', of: ({ lastDeliveredAt }) => away(lastDeliveredAt) },
          { title: 'events', of: ({ events }) => events.join(' ') },
        ])
      }),
    'tributary webhook list',
  )
}

function addTest(webhook: Command, cli: Cli): void {
  const { terminal } = cli
  example(
    webhook
      .command('test')
      .description('Send a sample now')
      .argument('<webhook>', 'its URL or id')
      .action(async (name: string) => {
        const delivery = await cli.api.post<Delivery>(`/webhooks/${await webhookId(cli, name)}/test`)
        if (terminal.json) terminal.document(delivery)
        else terminal.say(`${delivery.state}: ${answerOf(delivery)}`)
        if (delivery.state !== 'delivered') cli.outcome = 'failed'
      }),
    'tributary webhook test https://panel.example.net/hooks',
  )
}

function addDeliveries(webhook: Command, cli: Cli): void {
  example(
    withPages(webhook.command('deliveries').description('List what was sent to a webhook, and how it went'))
      .argument('<webhook>', 'its URL or id')
      .action(async (name: string, options: ListOptions) => {
        await list<Delivery>(cli, { path: `/webhooks/${await webhookId(cli, name)}/deliveries` }, options, [
          { title: 'id', of: ({ id }) => id },
          { title: 'at', of: ({ timestamp }) => moment(timestamp) },
          { title: 'event', of: ({ type }) => type },
          { title: 'state', of: ({ state }) => state },
          { title: 'tried', of: ({ attempts }) => attempts, right: true },
          { title: 'answer', of: answerOf },
        ])
      }),
    'tributary webhook deliveries https://panel.example.net/hooks',
  )
}

function addReplay(webhook: Command, cli: Cli): void {
  const { terminal } = cli
  example(
    webhook
      .command('replay')
      .description('Send again what was sent')
      .argument('<webhook>', 'its URL or id')
      .argument('<delivery>', 'its id in the list of deliveries')
      .action(async (name: string, delivery: string) => {
        const path = `/webhooks/${await webhookId(cli, name)}/deliveries/${delivery}/replay`
        const sent = await cli.api.post<Delivery>(path)
        if (terminal.json) terminal.document(sent)
        else terminal.note(`It is sent again; "tributary webhook deliveries ${name}" shows how that goes.`)
      }),
    'tributary webhook replay https://panel.example.net/hooks 01JQ5Z0V9Q3W7X2B4C6D8E0F1G',
  )
}

function addRotate(webhook: Command, cli: Cli): void {
  const { terminal } = cli
  example(
    webhook
      .command('rotate')
      .description('Give a webhook a new secret, shown this once; for a day what is sent is signed with both')
      .argument('<webhook>', 'its URL or id')
      .action(async (name: string) => {
        const rotated = await cli.api.post<MadeWebhook>(`/webhooks/${await webhookId(cli, name)}/rotate`)
        if (terminal.json) terminal.document(rotated)
        else terminal.say(rotated.secret)
        terminal.note('The secret is not shown again.')
      }),
    'tributary webhook rotate https://panel.example.net/hooks',
  )
}

function addEnable(webhook: Command, cli: Cli): void {
  const { terminal } = cli
  example(
    webhook
      .command('enable')
      .description('Tell a URL again that was given up; what waits for it is sent')
      .argument('<webhook>', 'its URL or id')
      .action(async (name: string) => {
        const body = { enabled: true }
        const enabled = await cli.api.ask<Webhook>('PATCH', `/webhooks/${await webhookId(cli, name)}`, { body })
        if (terminal.json) terminal.document(enabled)
        else terminal.note(`${enabled.url} is told again.`)
      }),
    'tributary webhook enable https://panel.example.net/hooks',
  )
}

function addRemove(webhook: Command, cli: Cli): void {
  const { terminal } = cli
  example(
    webhook
      .command('remove')
      .description('Tell a URL no more')
      .argument('<webhook>', 'its URL or id')
      .action(async (name: string) => {
        await cli.api.ask('DELETE', `/webhooks/${await webhookId(cli, name)}`)
        terminal.note(`${name} is told no more.`)
      }),
    'tributary webhook remove https://panel.example.net/hooks',
  )
}

function answerOf({ answer }: Delivery): string {
  return answer === null
    ? 'none yet'
    : [answer.status, answer.text].filter((part) => part !== null && part !== '').join(' ')
}
