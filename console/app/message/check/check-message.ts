/** Checks the JSON of a message against its descriptor: keys, kinds, ranges, oneofs, well-known types and what must be set. */
import type { DescMessage, DescOneof, Registry } from '@bufbuild/protobuf'
import { hasCustomJsonRepresentation } from '@bufbuild/protobuf/wkt'
import { isNull, type JsonMember, type JsonNode, type JsonObject, memberOf } from '../json/json-node.ts'
import { fieldOfKey } from '../schema/field-keys.ts'
import { isRequired } from '../schema/field-presence.ts'
import { isUnset, takesNull } from '../schema/null-value.ts'
import { type AnyField, fieldTypeName, shapeOf, type ValueShape, wrappedShape } from '../schema/value-shape.ts'
import { checkEnum } from './check-enum.ts'
import { RuleChecker } from './check-rules.ts'
import { checkScalar, mapKeyValue, scalarNeeds } from './check-scalar.ts'
import { MAX_DEPTH, wellKnownCheck } from './check-well-known.ts'
import type { FaultReport } from './fault-report.ts'

export class MessageChecker {
  readonly #report: FaultReport
  readonly #registry: Registry
  readonly #rules: RuleChecker
  #depth = 0

  constructor(report: FaultReport, registry: Registry) {
    this.#report = report
    this.#registry = registry
    this.#rules = new RuleChecker(report, registry)
  }

  check(message: DescMessage, node: JsonNode): void {
    this.#depth++
    if (this.#depth > MAX_DEPTH) {
      this.#report.error(node, `Messages must not be nested more than ${MAX_DEPTH} levels deep.`)
    } else {
      this.#checkKind(message, node)
    }
    this.#depth--
  }

  #checkKind(message: DescMessage, node: JsonNode) {
    const wellKnown = wellKnownCheck(message)
    if (wellKnown !== undefined) return wellKnown(this.#report, node, this.#depth)
    const wrapped = wrappedShape(message)
    if (wrapped !== undefined) return isNull(node) ? undefined : this.#value(wrapped, node)
    if (node.kind !== 'object') {
      return this.#report.error(node, `${this.#report.label} must be an object in braces (${message.typeName}).`)
    }
    if (message.typeName === 'google.protobuf.Any') return this.#any(node)
    this.#members(message, node, node.members)
  }

  #members(message: DescMessage, node: JsonObject, members: readonly JsonMember[]) {
    const set = new Set<AnyField>()
    const cases = new Map<DescOneof, string>()
    for (const { key, value } of members) {
      const field = fieldOfKey(message, key.value, this.#registry)
      if (field === undefined) {
        this.#report.error(key, `${message.typeName} has no field ${JSON.stringify(key.value)}.`, [key.value])
        continue
      }
      this.#report.inField(key.value, () => {
        if (set.has(field)) this.#report.error(key, `${this.#report.label} is set twice.`)
        set.add(field)
        if (!isUnset(field, value)) this.#case(field.oneof, field.name, key, cases)
        this.#rules.inField(field, () => this.#field(field, value))
      })
    }
    this.#rules.check(message, node)
    for (const field of message.fields) {
      if (!isRequired(field) || isSet(field, set, members)) continue
      this.#report.error(bracketOf(node), `${field.name} is required by ${message.typeName}.`, [field.jsonName])
    }
  }

  #case(oneof: DescOneof | undefined, name: string, key: JsonNode, cases: Map<DescOneof, string>) {
    if (oneof === undefined) return
    const other = cases.get(oneof)
    cases.set(oneof, name)
    if (other === undefined || other === name) return
    this.#report.error(key, `Only one field of ${oneof.name} can be set, but ${other} and ${name} are.`)
  }

  #field(field: AnyField, node: JsonNode) {
    if (isUnset(field, node)) return
    if (field.fieldKind === 'list') return this.#list(field, node)
    if (field.fieldKind === 'map') return this.#map(field, node)
    this.#value(shapeOf(field), node)
  }

  #list(field: AnyField, node: JsonNode) {
    if (node.kind !== 'array') {
      return this.#report.error(node, `${this.#report.label} must be a list in brackets (${fieldTypeName(field)}).`)
    }
    const shape = shapeOf(field)
    for (const [index, item] of node.items.entries()) {
      this.#report.inStep(index, () => this.#element(shape, item))
    }
  }

  #map(field: AnyField & { fieldKind: 'map' }, node: JsonNode) {
    if (node.kind !== 'object') {
      return this.#report.error(node, `${this.#report.label} must be an object in braces (${fieldTypeName(field)}).`)
    }
    const shape = shapeOf(field)
    const seen = new Set<string>()
    for (const { key, value } of node.members) {
      const keyValue = mapKeyValue(field.mapKey, key.value)
      this.#report.inStep(key.value, () => {
        if (keyValue === null)
          this.#report.error(key, `The key of ${this.#report.label} must be ${scalarNeeds(field.mapKey)}.`)
        else if (seen.has(keyValue)) this.#report.error(key, `The key of ${this.#report.label} is there twice.`)
        else seen.add(keyValue)
        this.#element(shape, value)
      })
    }
  }

  /** An item of a list or a value of a map, which can not be unset. */
  #element(shape: ValueShape, node: JsonNode) {
    if (isNull(node) && !takesNull(shape)) return this.#report.error(node, `${this.#report.label} must not be null.`)
    this.#value(shape, node)
  }

  #value(shape: ValueShape, node: JsonNode) {
    switch (shape.kind) {
      case 'scalar':
        return checkScalar(this.#report, shape.scalar, node)
      case 'enum':
        return checkEnum(this.#report, shape.enum, node)
      case 'message':
        return this.check(shape.message, node)
    }
  }

  #any(node: JsonObject) {
    if (node.members.length === 0) return
    const type = memberOf(node, '@type')
    const url = type?.value.kind === 'string' ? type.value.value : ''
    const message = this.#registry.getMessage(url.slice(url.lastIndexOf('/') + 1))
    if (message === undefined) {
      const place = type?.value ?? bracketOf(node)
      const found =
        url === '' ? 'needs an "@type"' : `has the type ${JSON.stringify(url)}, which this API does not define`
      return this.#report.error(place, `${this.#report.label} ${found}.`, ['@type'])
    }
    const rest = node.members.filter((member) => member.key.value !== '@type')
    if (rest.length < node.members.length - 1)
      this.#report.error(node, `${this.#report.label} has more than one "@type".`)
    this.#rules.ignoring(() => this.#inAny(message, node, rest))
  }

  #inAny(message: DescMessage, node: JsonObject, rest: readonly JsonMember[]) {
    if (!hasCustomJsonRepresentation(message)) return this.#members(message, node, rest)
    const [value, surplus] = rest
    if (value?.key.value !== 'value' || surplus !== undefined) {
      return this.#report.error(bracketOf(node), `${this.#report.label} must have the keys "@type" and "value" alone.`)
    }
    this.#report.inStep('value', () => this.check(message, value.value))
  }
}

function isSet(field: AnyField, set: ReadonlySet<AnyField>, members: readonly JsonMember[]): boolean {
  const isOfField = ({ key }: JsonMember) => key.value === field.jsonName || key.value === field.name
  return set.has(field) && !members.some((member) => isOfField(member) && isUnset(field, member.value))
}

/** Marks an object without underlining all that is in it. */
function bracketOf(node: JsonNode): JsonNode {
  return { ...node, end: node.start + 1 }
}
