/** Shows endpoints as text and as JSON. */
import { type Attributes, addressText, type Endpoint } from '../../contracts/endpoint.ts'
import { tableLines } from '../terminal/table.ts'

/** Values that need no quotes. */
const PLAIN = /^[\w.:/+@-]+$/

/** The attributes with a column of their own. */
const COLUMNS = ['weight', 'zone', 'version'] as const

/** Returns the lines of a table of endpoints, with columns for attributes that any of them has. */
export function endpointTable(endpoints: readonly Endpoint[], width: number | undefined): string[] {
  const columns = COLUMNS.filter((name) => endpoints.some(({ attributes }) => attributes[name] !== undefined))
  const others = endpoints.map((endpoint) => attributesText(withoutColumns(endpoint)))
  const hasOthers = others.some((text) => text !== '')
  const header = ['ADDRESS', ...columns.map((name) => name.toUpperCase()), ...(hasOthers ? ['ATTRIBUTES'] : [])]
  const rows = endpoints.map((endpoint, at) => {
    const cells = columns.map((name) => valueText(endpoint.attributes[name]))
    return [addressesText(endpoint), ...cells, others[at] ?? '']
  })
  return tableLines(header, rows, width)
}

/** Returns `10.0.0.1:80 weight=2 zone=west`. */
export function endpointText(endpoint: Endpoint): string {
  return `${addressesText(endpoint)} ${attributesText(endpoint.attributes)}`.trimEnd()
}

/** Returns what JSON shows of an endpoint. */
export function endpointJson({ addresses, attributes }: Endpoint): object {
  return { addresses: addresses.map(addressText), attributes }
}

function withoutColumns({ attributes }: Endpoint): Attributes {
  const others = Object.entries(attributes).filter(([name]) => !COLUMNS.some((column) => column === name))
  return Object.fromEntries(others)
}

function addressesText({ addresses }: Endpoint): string {
  return addresses.map(addressText).join(',')
}

/** By name, as registries have no order. */
function attributesText(attributes: Attributes): string {
  const named = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
  return named.map(([name, value]) => `${name}=${valueText(value)}`).join(' ')
}

function valueText(value: unknown): string {
  if (value === undefined) return ''
  return typeof value === 'string' && PLAIN.test(value) ? value : JSON.stringify(value)
}
