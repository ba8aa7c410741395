/**
 * Signing goes by the environment. Without a certificate a Mac's app gets a signature without a name: Apple's processors
 * run nothing without one, and the hardened runtime would then refuse Electron's own libraries, so that goes with it.
 * Apple is asked to notarize where its credentials are there, all of one kind.
 *
 * @param {NodeJS.ProcessEnv} env
 * @returns {import('electron-builder').MacConfiguration}
 */
export function macSigning(env) {
  /** @param {string[]} names */
  const has = (...names) => names.every((name) => (env[name] ?? '') !== '');
  if (!has('CSC_LINK') && !has('CSC_NAME')) return { identity: '-', hardenedRuntime: false, notarize: false };
  const notarize =
    has('APPLE_ID', 'APPLE_APP_SPECIFIC_PASSWORD', 'APPLE_TEAM_ID') ||
    has('APPLE_API_KEY', 'APPLE_API_KEY_ID', 'APPLE_API_ISSUER') ||
    has('APPLE_KEYCHAIN_PROFILE');
  return { notarize };
}

/**
 * What the builder is told beside electron-builder.yml.
 *
 * @param {NodeJS.ProcessEnv} env `ELECTRON_DIST`: a folder with Electron's files, where none can be downloaded
 * @param {string | undefined} out where the packages go, instead of to dist/
 * @returns {import('electron-builder').Configuration}
 */
export function packageConfig(env, out) {
  return {
    extends: 'electron-builder.yml',
    mac: macSigning(env),
    ...(env.ELECTRON_DIST && { electronDist: env.ELECTRON_DIST }),
    ...(out && { directories: { output: out, buildResources: 'assets' } }),
  };
}
