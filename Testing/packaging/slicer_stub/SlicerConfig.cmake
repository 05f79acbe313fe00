# A stand-in for the package that Slicer's build tree offers to extensions: what an extension of scripts asks of it, and
# as strict about it. Every call is recorded, one line each, in SLICER_STUB_RECORD.

if(NOT SLICER_STUB_RECORD)
  message(FATAL_ERROR "SLICER_STUB_RECORD must name the file for the record.")
endif()

set(Slicer_VERSION 5.12.4)
set(Slicer_REVISION 34567)
set(Slicer_USE_PYTHONQT ON)
set(Slicer_EXTENSION_GENERATE_CONFIG ${CMAKE_CURRENT_LIST_DIR}/ExtensionGenerateConfig.cmake)
set(Slicer_EXTENSION_CPACK ${CMAKE_CURRENT_LIST_DIR}/ExtensionCPack.cmake)
set(Slicer_USE_FILE ${CMAKE_CURRENT_LIST_DIR}/UseSlicer.cmake)

set(Slicer_QTSCRIPTEDMODULES_LIB_DIR lib/Slicer-5.12/qt-scripted-modules)
if(APPLE)
  set(_stub_root Slicer.app/Contents/Extensions-${Slicer_REVISION}/${PROJECT_NAME}/)
endif()
set(Slicer_INSTALL_QTSCRIPTEDMODULES_LIB_DIR ${_stub_root}${Slicer_QTSCRIPTEDMODULES_LIB_DIR})
