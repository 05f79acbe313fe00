# Slicer writes MissingModalitySegConfig.cmake here, for extensions of C++ that build on this one: there are none.
stub_record(generate-config ${PROJECT_NAME})
