/** Checks a rule of `google.api.http` against its method. */
import type { DescField, DescMessage, DescMethod } from '@bufbuild/protobuf'
import type { HttpRule } from '../../../../../gen/google/api/http_pb.js'
import { nearestName } from '../../../../../wire/options/nearest-name.ts'
import { parsePathTemplate } from '../template/parse-path-template.ts'
import type { PathTemplate } from '../template/path-template.ts'
import { areRivals, followPath, isLost, type LostPath, pathName } from './field-path.ts'
import type { BoundVariable, HttpBinding } from './http-binding.ts'
import { isTextType } from './text-type-of.ts'

/** The place of a rule, and where its faults go. */
export interface RulePlace {
  /** 0 for the rule itself, 1 and more for its additional bindings. */
  readonly index: number
  readonly faults: string[]
}

/** RFC 9110, section 9.1: a method is a token. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/

/** Requests with these methods have no body that means anything (RFC 9110, section 9.3). */
const BODILESS: ReadonlySet<string> = new Set(['GET', 'HEAD'])

/** Returns the binding, or null after it has added the faults of the rule. */
export function checkRule(method: DescMethod, rule: HttpRule, { index, faults }: RulePlace): HttpBinding | null {
  return new RuleCheck(method, rule, { index, faults }).run()
}

class RuleCheck {
  readonly #method: DescMethod
  readonly #rule: HttpRule
  readonly #place: RulePlace
  readonly #verb: string
  readonly #path: string

  constructor(method: DescMethod, rule: HttpRule, place: RulePlace) {
    this.#method = method
    this.#rule = rule
    this.#place = place
    const { pattern } = rule
    this.#verb = pattern.case === 'custom' ? pattern.value.kind.toUpperCase() : (pattern.case ?? '').toUpperCase()
    this.#path = pattern.case === 'custom' ? pattern.value.path : (pattern.value ?? '')
  }

  run(): HttpBinding | null {
    const { index, faults } = this.#place
    const before = faults.length
    if (this.#rule.pattern.case === undefined) {
      this.#fault('the rule has no HTTP method and path')
      return null
    }
    if (!TOKEN.test(this.#verb)) this.#fault('custom.kind is not an HTTP method')
    if (this.#verb === 'CONNECT') this.#fault('CONNECT requests have no path')
    if (this.#verb === 'HEAD' && sendsStream(this.#method)) this.#fault('responses to HEAD have no body for the stream')
    if (index > 0 && this.#rule.additionalBindings.length > 0) this.#fault('an additional binding has additional ones')
    const template = this.#template()
    const variables = template === null ? [] : this.#variables(template)
    const body = this.#body()
    const responseBody = this.#responseBody()
    this.#checkTogether(variables, body)
    if (faults.length > before || template === null) return null
    return { method: this.#method, verb: this.#verb, template, variables, body, responseBody, index }
  }

  #template(): PathTemplate | null {
    try {
      return parsePathTemplate(this.#path)
    } catch (error) {
      this.#fault(error instanceof Error ? error.message : String(error))
      return null
    }
  }

  #variables(template: PathTemplate): BoundVariable[] {
    return template.variables.flatMap(({ fieldPath }, index) => {
      const name = fieldPath.join('.')
      const fields = followPath(this.#method.input, fieldPath)
      if (isLost(fields)) {
        this.#fault(`variable ${name}: ${lostText(fields, fieldPath)}`)
        return []
      }
      const leaf = fields.at(-1)
      if (leaf === undefined || leaf.fieldKind === 'list' || leaf.fieldKind === 'map' || !isTextType(leaf)) {
        this.#fault(`variable ${name}: the field is ${kindText(leaf)}, which a path cannot hold`)
        return []
      }
      return [{ fields, index }]
    })
  }

  #body(): HttpBinding['body'] {
    const { body } = this.#rule
    if (body === '') {
      if (takesStream(this.#method)) this.#fault('a method that receives a stream needs a body')
      return null
    }
    if (BODILESS.has(this.#verb)) this.#fault(`${this.#verb} requests have no body: remove body`)
    return body === '*' ? '*' : this.#topLevelField('body', body, this.#method.input)
  }

  #responseBody(): DescField | null {
    const { responseBody } = this.#rule
    return responseBody === '' ? null : this.#topLevelField('response_body', responseBody, this.#method.output)
  }

  #topLevelField(option: string, name: string, desc: DescMessage): DescField | null {
    const field = desc.fields.find((each) => each.name === name)
    if (field !== undefined) return field
    const hint = name.includes('.') ? ': it must be a field of the message itself' : suggestion(desc, name)
    this.#fault(`${option} ${name}: ${desc.typeName} has no such field${hint}`)
    return null
  }

  #checkTogether(variables: readonly BoundVariable[], body: HttpBinding['body']): void {
    for (const [at, { fields }] of variables.entries()) {
      if (fields.length === 1 && fields[0] === body) this.#fault(`${pathName(fields)} is both in the path and the body`)
      const rival = variables.slice(0, at).find((other) => areRivals(other.fields, fields))
      if (rival !== undefined) {
        this.#fault(`variables ${pathName(rival.fields)} and ${pathName(fields)} are members of one oneof`)
      }
    }
  }

  #fault(text: string): void {
    const { index, faults } = this.#place
    const place = index === 0 ? '' : `additional binding ${index}: `
    const rule = this.#rule.pattern.case === undefined ? '' : `${this.#verb} ${JSON.stringify(this.#path)}: `
    faults.push(place + rule + text)
  }
}

/** Whether the requests of a method are streams. */
export function takesStream({ methodKind }: DescMethod): boolean {
  return methodKind === 'client_streaming' || methodKind === 'bidi_streaming'
}

/** Whether the responses of a method are streams. */
export function sendsStream({ methodKind }: DescMethod): boolean {
  return methodKind === 'server_streaming' || methodKind === 'bidi_streaming'
}

function lostText({ desc, step }: LostPath, names: readonly string[]): string {
  if (desc === undefined) return `${names.slice(0, step).join('.')} is not a singular message`
  return `${desc.typeName} has no field ${names[step]}${suggestion(desc, names[step] ?? '')}`
}

function suggestion(desc: DescMessage, name: string): string {
  const nearest = nearestName(
    name,
    desc.fields.map((field) => field.name),
  )
  return nearest === undefined ? '' : `: did you mean ${nearest}?`
}

function kindText(field: DescField | undefined): string {
  if (field?.fieldKind === 'list') return 'repeated'
  if (field?.fieldKind === 'map') return 'a map'
  return `a ${field?.message?.typeName ?? 'message'}`
}
