/** Whether a value of JSON is one of an enum. */
import type { DescEnum } from '@bufbuild/protobuf'
import { isNull, type JsonNode } from '../json/json-node.ts'
import { exactInteger } from './exact-integer.ts'
import type { FaultReport } from './fault-report.ts'

const MAX_NAMES = 8

export function checkEnum(report: FaultReport, desc: DescEnum, node: JsonNode) {
  if (desc.typeName === 'google.protobuf.NullValue' && isNull(node)) return
  if (node.kind === 'number') return checkNumber(report, desc, node, exactInteger(node.raw))
  const name = node.kind === 'string' ? node.value : undefined
  if (desc.values.some((value) => value.name === name || value.jsonName === name)) return
  report.error(node, `${report.label} must be a value of ${desc.typeName}: ${namesOf(desc)}.`)
}

function checkNumber(report: FaultReport, desc: DescEnum, node: JsonNode, number: bigint | null) {
  if (number === null || BigInt.asIntN(32, number) !== number) {
    return report.error(node, `${report.label} must be a name of ${desc.typeName} or a whole number of 32 bits.`)
  }
  if (desc.values.some((value) => BigInt(value.number) === number)) return
  const message = `${report.label} has the number ${number}, which ${desc.typeName} does not define.`
  if (desc.open) report.hint(node, message)
  else report.error(node, message)
}

function namesOf(desc: DescEnum): string {
  const names = desc.values.slice(0, MAX_NAMES).map((value) => value.jsonName)
  const more = desc.values.length - names.length
  return `${names.join(', ')}${more > 0 ? ` or one of ${more} more` : ''}`
}
