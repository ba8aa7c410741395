import { describe, expect, it } from 'vitest';
import { macSigning, packageConfig } from '../../support/package-config.mjs';

const certificate = { CSC_LINK: 'file' };
const appleId = { APPLE_ID: 'a@b.test', APPLE_APP_SPECIFIC_PASSWORD: 'x', APPLE_TEAM_ID: 'T' };

describe('signing of the Mac packages', () => {
  it('without a certificate is one without a name, not hardened and not notarized', () => {
    const unsigned = { identity: '-', hardenedRuntime: false, notarize: false };
    expect(macSigning({})).toEqual(unsigned);
    // As a workflow hands over a secret that is not there; and Apple takes nothing that nobody signed.
    expect(macSigning({ CSC_LINK: '', ...appleId })).toEqual(unsigned);
  });

  it.each<[NodeJS.ProcessEnv, boolean]>([
    [certificate, false],
    [{ CSC_NAME: 'Culvert' }, false],
    [{ ...certificate, ...appleId }, true],
    [{ ...certificate, ...appleId, APPLE_TEAM_ID: '' }, false],
    [{ ...certificate, APPLE_API_KEY: 'k', APPLE_API_KEY_ID: 'i', APPLE_API_ISSUER: 'u' }, true],
    [{ ...certificate, APPLE_KEYCHAIN_PROFILE: 'p' }, true],
  ])('with %o is by it, and notarized: %s', (env, notarize) => {
    expect(macSigning(env)).toEqual({ notarize });
  });

  it('leaves all else to electron-builder.yml', () => {
    expect(packageConfig({}, undefined)).toEqual({ extends: 'electron-builder.yml', mac: macSigning({}) });
    expect(packageConfig({ ELECTRON_DIST: '/e' }, '/o')).toMatchObject({
      electronDist: '/e',
      directories: { output: '/o', buildResources: 'assets' },
    });
  });
});
