/** `registry list|watch TARGET`: the servers that a registry, or any other target, leads to. */
import { styleText } from 'node:util'
import { Code, ConnectError } from '@connectrpc/connect'
import { codeToString } from '@connectrpc/connect/protocol-connect'
import { nearestName } from '../../../../wire/options/nearest-name.ts'
import { escapeJsonControls, printable } from '../../../../wire/text/escape-controls.ts'
import type { Endpoint } from '../../contracts/endpoint.ts'
import type { ParsedTarget } from '../../resolver/parse-target.ts'
import type { FlagTable } from '../arguments/flag-table.ts'
import { readDurationMs } from '../arguments/flag-values.ts'
import { ADDRESS_VARIABLE } from '../connection/address-flag.ts'
import { KNOWN_SCHEMES, withoutCredentials } from '../connection/known-resolvers.ts'
import { withinTime } from '../connection/time-limit.ts'
import { endpointChanges } from '../registry/endpoint-changes.ts'
import { endpointJson, endpointTable, endpointText } from '../registry/endpoint-text.ts'
import { openTarget, targetResults } from '../registry/target-results.ts'
import { type Io, writeLine } from '../terminal/io.ts'
import { UsageError } from '../terminal/program-errors.ts'
import { defineCommand } from './command.ts'

const DEFAULT_TIMEOUT = '5s'
const DEFAULT_REFRESH = '10s'

const DESCRIPTION = `TARGET is that of a channel: SCHEME://SERVER/SERVICE, or SCHEME:///SERVICE; by default that of ${ADDRESS_VARIABLE}. The
schemes are:
  ${KNOWN_SCHEMES.join(', ')}
ACTION is one of:
  list     prints the servers of the target, and exits with 78 if the registry cannot be reached or has none
  watch    prints the servers, then each that is added, removed or changed, until interrupted; errors are printed, and the
           registry is tried again
The servers themselves are not called: portico channel TARGET shows whether they can be reached.`

const flags = {
  json: { type: 'boolean', help: 'print JSON, one object per line' },
  timeout: {
    type: 'string',
    placeholder: 'TIME',
    help: `with list: time limit, such as 500ms or 2s (default ${DEFAULT_TIMEOUT})`,
  },
  refresh: {
    type: 'string',
    placeholder: 'TIME',
    help: `with watch: interval of lookups of dns and srv targets (default ${DEFAULT_REFRESH})`,
  },
} as const satisfies FlagTable

/** What to show, and how. */
interface Showing {
  readonly target: string
  readonly opened: ParsedTarget
  readonly isJson: boolean
  readonly io: Io
}

const ACTIONS = ['list', 'watch']

/** Shows the servers of a target. */
export const registryCommand = defineCommand({
  name: 'registry',
  operands: ['ACTION', '[TARGET]'],
  operandChoices: ACTIONS,
  summary: 'list the servers that a target leads to, or watch how they change',
  description: DESCRIPTION,
  flags,
  async execute({ values, operands: [action = '', given] }, io) {
    if (!ACTIONS.includes(action)) throw new UsageError(unknownAction(action))
    const target = given ?? io.env[ADDRESS_VARIABLE] ?? ''
    if (target === '') throw new UsageError(`TARGET is missing, and ${ADDRESS_VARIABLE} is not set`)
    const isWatching = action === 'watch'
    const needless = isWatching ? 'timeout' : 'refresh'
    if (values[needless] !== undefined) throw new UsageError(`--${needless} cannot be used with ${action}`)
    const opened = await openTarget(target, readDurationMs('--refresh', values.refresh ?? DEFAULT_REFRESH))
    const showing = { target: withoutCredentials(target), opened, isJson: values.json ?? false, io }
    await (isWatching ? watch(showing) : list(showing, values.timeout))
  },
})

function unknownAction(action: string): string {
  const nearest = nearestName(action, ACTIONS)
  return `unknown ACTION "${action}"${nearest === undefined ? `; must be ${ACTIONS.join(' or ')}` : `; did you mean ${nearest}?`}`
}

async function list({ target, opened, isJson, io }: Showing, timeout = DEFAULT_TIMEOUT): Promise<void> {
  await withinTime({ timeout }, io, async (limit) => {
    limit.begin(`looking up ${target}`)
    for await (const { endpoints } of targetResults(opened, limit.signal)) {
      if (endpoints instanceof ConnectError) throw endpoints
      if (endpoints.length === 0) throw new ConnectError(`${target} has no servers`, Code.Unavailable)
      for (const line of isJson ? endpoints.map(jsonLine) : tableOf(endpoints, io)) await writeLine(io.stdout, line)
      return
    }
  })
}

function jsonLine(endpoint: Endpoint): string {
  return escapeJsonControls(JSON.stringify(endpointJson(endpoint)))
}

/** On a terminal lines end at its edge, and the header is bold unless NO_COLOR is set. */
function tableOf(endpoints: readonly Endpoint[], { stdout }: Io): string[] {
  const { columns } = stdout as { readonly columns?: number }
  const [first = '', ...others] = endpointTable(endpoints, (stdout.isTTY && columns) || undefined)
  return [stdout.isTTY ? styleText('bold', first, { stream: stdout }) : first, ...others]
}

/** Returns when interrupted. */
async function watch({ opened, isJson, io }: Showing): Promise<void> {
  let known: readonly Endpoint[] = []
  try {
    for await (const { endpoints } of targetResults(opened, io.signal)) {
      const lines =
        endpoints instanceof ConnectError ? [errorLine(endpoints, isJson)] : changeLines(known, endpoints, isJson)
      for (const line of lines) await writeLine(io.stdout, line)
      if (!(endpoints instanceof ConnectError)) known = endpoints
    }
  } catch (error) {
    if (!io.signal.aborted) throw error
  }
}

function changeLines(before: readonly Endpoint[], after: readonly Endpoint[], isJson: boolean): string[] {
  const at = new Date().toISOString()
  return endpointChanges(before, after).map(({ change, endpoint }) => {
    if (isJson) return escapeJsonControls(JSON.stringify({ at, change, ...endpointJson(endpoint) }))
    return printable(`${at} ${change.padEnd('changed'.length)} ${endpointText(endpoint)}`)
  })
}

function errorLine(error: ConnectError, isJson: boolean): string {
  const at = new Date().toISOString()
  const reason = `${codeToString(error.code)}: ${error.rawMessage}`
  return isJson ? escapeJsonControls(JSON.stringify({ at, error: reason })) : printable(`${at} error   ${reason}`)
}
