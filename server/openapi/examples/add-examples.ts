/** Adds examples to a document. */
import type {
  Content,
  MediaType,
  OpenApiDocument,
  Operation,
  Parameter,
  PathItem,
  Response,
} from '../model/document.ts'
import { Examples } from './example-of.ts'

/** Returns the document with an example for each parameter and each body that has a schema and none. */
export function addExamples(document: OpenApiDocument): OpenApiDocument {
  const examples = new Examples(document.components.schemas)
  return {
    ...document,
    paths: mapValues(document.paths, (item) => pathItem(item, examples)),
    ...(document.components.responses && {
      components: {
        ...document.components,
        responses: mapValues(document.components.responses, (each) => response(each, examples)),
      },
    }),
  }
}

function pathItem({ additionalOperations, ...item }: PathItem, examples: Examples): PathItem {
  return {
    ...mapValues(item, (each) => operation(each, examples)),
    ...(additionalOperations && {
      additionalOperations: mapValues(additionalOperations, (each) => operation(each, examples)),
    }),
  }
}

function operation(each: Operation, examples: Examples): Operation {
  const { parameters, requestBody } = each
  return {
    ...each,
    ...(parameters && { parameters: withParameterExamples(parameters, examples) }),
    ...(requestBody && {
      requestBody: { ...requestBody, content: contents(requestBody.content, 'request', examples) },
    }),
    responses: mapValues(each.responses, (one) => response(one, examples)),
  }
}

/** The examples of all parameters are one request, so that one of those that exclude each other has none. */
function withParameterExamples(parameters: readonly Parameter[], examples: Examples): Parameter[] {
  const excluded = new Set<string>()
  return parameters.map((each) => {
    for (const name of each['x-excludes'] ?? []) excluded.add(name)
    return isExcluded(each, excluded) ? each : parameter(each, examples)
  })
}

/** A message that is excluded takes its fields with it. */
function isExcluded({ name, in: where }: Parameter, excluded: ReadonlySet<string>): boolean {
  const steps = name.split('.')
  return where === 'query' && steps.some((_, index) => excluded.has(steps.slice(0, index + 1).join('.')))
}

function parameter(each: Parameter, examples: Examples): Parameter {
  if (each.content !== undefined) return { ...each, content: contents(each.content, 'request', examples) }
  if (each.schema === undefined || each.schema.enum !== undefined) return each
  const name = each.name.split('.').at(-1) ?? each.name
  const example = examples.of(each.schema, name, 'request')
  return example === undefined ? each : { ...each, example }
}

function response(each: Response, examples: Examples): Response {
  return each.content === undefined ? each : { ...each, content: contents(each.content, 'response', examples) }
}

function contents(content: Content, direction: 'request' | 'response', examples: Examples): Content {
  return mapValues(content, (media): MediaType => {
    if (media.schema === undefined || media.example !== undefined) return media
    const example = examples.of(media.schema, 'value', direction)
    return example === undefined ? media : { ...media, example }
  })
}

function mapValues<T>(values: Readonly<Record<string, T>>, map: (value: T) => T): Record<string, T> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, map(value)]))
}
