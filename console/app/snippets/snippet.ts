/** A call as a text that runs elsewhere. */
import type { Registry } from '@bufbuild/protobuf'
import type { ConsoleProtocol } from '../../../wire/console/console-facts.ts'

/** The ways to write a call down. */
export type SnippetId = 'curl' | 'curl-rest' | 'grpcurl' | 'buf' | 'portico' | 'typescript' | 'fetch'

/** A text to copy. */
export interface Snippet {
  readonly id: SnippetId
  readonly title: string
  readonly language: 'sh' | 'ts'
  /** Empty if there is no way to write the call down; the note says why. */
  readonly text: string
  /** What to know or to do before running it. */
  readonly note?: string
}

/** Where the server of a snippet is. */
export interface SnippetPlace {
  /** As in `http://127.0.0.1:8080`, without a slash at its end. */
  readonly origin: string
  /** What precedes the paths of all methods, such as `/api`. Empty for none. */
  readonly prefix: string
  /** The protocols that the server answers. */
  readonly protocols: readonly ConsoleProtocol[]
  /** Whether it answers gRPC server reflection. If not, tools need its descriptors as a file. */
  readonly hasReflection: boolean
  /** Where a `google.protobuf.FileDescriptorSet` can be loaded. */
  readonly descriptorsUrl: string
  /** The types of the API. */
  readonly registry: Registry
}
