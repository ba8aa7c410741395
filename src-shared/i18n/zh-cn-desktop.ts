import type { enDesktop } from './en-desktop.ts';
import type { Texts } from './messages.ts';

export const zhCnDesktop: Texts<typeof enDesktop> = {
  desktop: {
    title: '桌面',
    cutTitle_one: '有 {{count}} 个连接处于打开状态。',
    cutTitle_other: '有 {{count}} 个连接处于打开状态。',
    cutLine: '安装更新会重启 Culvert 并中断这些连接。',
    restart: '立即重启',
    later: '稍后',
    shortcut: '显示此窗口的快捷键',
    shortcutHint: '例如 Ctrl+Alt+C。留空则不设。',
    shortcutTaken: '快捷键 {{keys}} 已被其他程序占用。',
    systemProxy: '系统代理',
    systemProxyHint: '此规则监听期间，其他程序会使用它。之后恢复原有设置。',
    systemProxyOff: '无',
  },
};
