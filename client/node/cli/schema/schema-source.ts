/** Where the descriptors of a server's API come from. */

import type { DescEnum, DescExtension, DescMessage, DescService } from '@bufbuild/protobuf'

/** What can be looked up by its full name. */
export type DescType = DescMessage | DescEnum | DescExtension | DescService

/** A source of descriptors. Asked one question at a time. */
export interface SchemaSource {
  /** The full names of all services, sorted. */
  listServices(): Promise<readonly string[]>
  /**
   * Puts the file that declares a symbol into the pool, with what that file needs as far as the source has it.
   *
   * @param symbol the full name of a service, message, enum or extension
   * @returns whether the pool has the symbol now
   */
  load(symbol: string): Promise<boolean>
  /** The same for the extension of a message by its number. */
  loadExtension(extendee: string, number: number): Promise<boolean>
}
