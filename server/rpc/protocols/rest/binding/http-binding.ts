/** How an HTTP request becomes the request message of a method: one rule of `google.api.http`, checked against the method. */
import type { DescField, DescMethod } from '@bufbuild/protobuf'
import type { PathTemplate } from '../template/path-template.ts'

/** A variable of the path, and the field that it sets. */
export interface BoundVariable {
  /** From the request message to the field; all but the last are singular messages. */
  readonly fields: readonly DescField[]
  /** Index in the variables of the template. */
  readonly index: number
}

/** A binding. Created at start-up; a method may have several. */
export interface HttpBinding {
  readonly method: DescMethod
  /** The HTTP method in upper case; `*` for any. */
  readonly verb: string
  readonly template: PathTemplate
  readonly variables: readonly BoundVariable[]
  /** The field that the body is read into; `*` for the whole message; null if requests have no body. */
  readonly body: DescField | '*' | null
  /** The field of the response that is the response body; null for the whole message. */
  readonly responseBody: DescField | null
  /** 0 for the rule itself, 1 and more for its additional bindings. */
  readonly index: number
}
