/** The services that show and manage a server, as opposed to those that it exists for. */

/** The packages of health, reflection, channelz and the admin services. */
const STANDARD_PACKAGES = ['grpc.health.', 'grpc.reflection.', 'grpc.channelz.', 'portico.admin.']

/**
 * Whether a service, by its full name, is one of the standard services. Limits and load shedding leave them out by default: an
 * overloaded server must still be seen to be alive, and be managed.
 */
export function isStandardService(typeName: string): boolean {
  return STANDARD_PACKAGES.some((prefix) => typeName.startsWith(prefix))
}
