import { afterAll, beforeAll, describe } from 'vitest';
import { ElectronDriver } from './electron-driver.ts';
import { commonScenarios, Stage } from './scenarios.ts';

describe('the desktop app in real Electron', () => {
  const stage = new Stage(new ElectronDriver());
  beforeAll(() => stage.open());
  afterAll(() => stage.close());
  commonScenarios(stage);
});
